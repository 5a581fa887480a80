/** What a JSON Schema asks for, as far as a form shows it. */

/** A text that is no value of its kind yet. */
export class Unfinished {
  /** @param {string} text @param {string} problem */
  constructor(text, problem) {
    this.text = text;
    this.problem = problem;
  }
}

/** Follow references. @param {any} schema @param {any} root @returns {any} */
export function resolved(schema, root) {
  let current = schema;
  for (let steps = 0; current?.$ref && steps < 20; steps++) {
    const found = current.$ref.replace(/^#\//, "").split("/").reduce((at, name) => at?.[name], root);
    const { $ref: _, ...own } = current;
    current = { ...found, ...own };
  }
  if (current?.allOf?.length === 1) return resolved({ ...current.allOf[0], ...current, allOf: undefined }, root);
  return current ?? {};
}

/** The alternatives of a value without null; whether null is one of them. @param {any} schema @param {any} root */
export function variantsOf(schema, root) {
  const all = (schema.anyOf ?? schema.oneOf ?? [schema]).map((each) => resolved(each, root));
  const some = all.filter((each) => each.type !== "null");
  return { variants: some, isNullable: some.length < all.length };
}

/** @param {any} schema */
export function kindOf(schema) {
  if (schema.enum) return "choice";
  if ("const" in schema) return "choice";
  const type = Array.isArray(schema.type) ? schema.type.find((each) => each !== "null") : schema.type;
  if (type === "string") return isBytes(schema) ? "bytes" : schema.format === "date-time" ? "instant" : "text";
  if (type === "integer" || type === "number") return "number";
  if (type === "boolean") return "flag";
  if (type === "array" && schema.items && !schema.prefixItems) return "list";
  if (type === "object" && schema.properties) return "object";
  return "json";
}

/** @param {any} schema */
function isBytes(schema) {
  return ["binary", "base64", "base64url"].includes(schema.format) || schema.contentEncoding === "base64";
}

/** @param {any} schema */
export function choicesOf(schema) {
  return schema.enum ?? [schema.const];
}

/** The value with which a field begins. @param {any} schema @param {any} root @param {boolean} isRequired @returns {any} */
export function beginning(schema, root, isRequired) {
  if (schema.default !== undefined) return schema.default ?? undefined;
  if (!isRequired) return undefined;
  const { variants } = variantsOf(schema, root);
  const only = variants[0] ?? {};
  switch (kindOf(only)) {
    case "flag":
      return false;
    case "list":
      return [];
    case "object":
      return beginningOf(only, root);
    default:
      return undefined;
  }
}

/** @param {any} schema @param {any} root @returns {Record<string, any>} */
export function beginningOf(schema, root) {
  const entries = Object.entries(schema.properties ?? {}).map(([name, each]) => [
    name,
    beginning(resolved(each, root), root, schema.required?.includes(name)),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
