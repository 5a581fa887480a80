/** The check of a form before it is sent. The API checks again: its errors are shown at the same fields. */

import { isRaw } from "../../core/exact_json.js";
import { choicesOf, kindOf, resolved, Unfinished, variantsOf } from "./schema.js";

/** @typedef {Map<string, string>} Errors */

/** @param {any} schema @param {any} value @param {any} root @param {string} path @param {Errors} errors */
export function check(schema, value, root, path = "", errors = new Map()) {
  if (value instanceof Unfinished) return errors.set(path, value.problem);
  const { variants, isNullable } = variantsOf(schema, root);
  if (value === null && isNullable) return errors;
  if (variants.length === 1) checkOne(variants[0], value, root, path, errors);
  return errors;
}

/** @param {any} schema @param {any} value @param {any} root @param {string} path @param {Errors} errors */
function checkOne(schema, value, root, path, errors) {
  const kind = kindOf(schema);
  if (kind === "object" && typeof value === "object" && value) return checkObject(schema, value, root, path, errors);
  if (kind === "list" && Array.isArray(value)) return checkList(schema, value, root, path, errors);
  const problem = kind === "number" ? numberProblem(schema, value) : kind === "text" ? textProblem(schema, value) : choiceProblem(schema, value);
  if (problem) errors.set(path, problem);
  return errors;
}

function checkObject(schema, value, root, path, errors) {
  for (const [name, each] of Object.entries(schema.properties)) {
    const place = path ? `${path}.${name}` : name;
    const held = value[name];
    if (held === undefined) {
      if (schema.required?.includes(name)) errors.set(place, "is required");
    } else check(resolved(each, root), held, root, place, errors);
  }
  return errors;
}

function checkList(schema, value, root, path, errors) {
  if (value.length < (schema.minItems ?? 0)) errors.set(path, `must have at least ${schema.minItems} entries`);
  if (value.length > (schema.maxItems ?? Infinity)) errors.set(path, `must have at most ${schema.maxItems} entries`);
  value.forEach((each, index) => {
    const place = `${path}.${index}`;
    if (each === undefined) errors.set(place, "is required");
    else check(resolved(schema.items, root), each, root, place, errors);
  });
  return errors;
}

function numberProblem(schema, value) {
  if (typeof value !== "number" && !isRaw(value)) return "must be a number";
  const number = isRaw(value) ? Number(value.rawJSON) : value;
  if (schema.type === "integer" && !Number.isInteger(number)) return "must be a whole number";
  if (number < schema.minimum) return `must be at least ${schema.minimum}`;
  if (number > schema.maximum) return `must be at most ${schema.maximum}`;
  if (number <= schema.exclusiveMinimum) return `must be more than ${schema.exclusiveMinimum}`;
  if (number >= schema.exclusiveMaximum) return `must be less than ${schema.exclusiveMaximum}`;
  return "";
}

function textProblem(schema, value) {
  if (typeof value !== "string") return "must be a text";
  const length = [...value].length;
  if (length < (schema.minLength ?? 0)) return `must have at least ${schema.minLength} characters`;
  if (length > (schema.maxLength ?? Infinity)) return `must have at most ${schema.maxLength} characters`;
  if (schema.pattern && !fits(schema.pattern, value)) return `must match ${schema.pattern}`;
  return "";
}

/** Python's patterns are not all JavaScript's: one that is unknown here is left to the API. */
function fits(pattern, value) {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

function choiceProblem(schema, value) {
  return kindOf(schema) === "choice" && !choicesOf(schema).includes(value) ? "must be one of the choices" : "";
}
