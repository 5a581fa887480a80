/** The libraries without types of their own here, and what the compiler's libraries lack. */

declare module "preact";
declare module "preact/hooks";
declare module "@preact/signals";
declare module "htm";

interface JSON {
  rawJSON?(text: string): { rawJSON: string };
  isRawJSON?(value: unknown): boolean;
  parse(text: string, reviver: (name: string, value: any, context?: { source: string }) => any): any;
}
