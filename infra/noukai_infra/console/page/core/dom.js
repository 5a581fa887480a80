/** The libraries that draw, under one roof: no other module imports them. */

import { h, render, Fragment } from "preact";
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { batch, computed, effect, signal } from "@preact/signals";
import htm from "htm";

/** Values in a template become text nodes or properties, never markup. */
export const html = htm.bind(h);

export { Fragment, render, useEffect, useId, useLayoutEffect, useMemo, useRef, useState };
export { batch, computed, effect, signal };
