import { readFile, rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { changeFile } from '../../base/change-file.ts';
import { ifExists } from '../../base/errors.ts';
import { addToJson, removeFromJson } from './json-edit.ts';
import { jsonValue } from './json-tree.ts';
import { followed, Ledger } from './ledger.ts';

/**
 * Runs a command of a client that writes its settings anew, and then gives every line that it had no reason to
 * touch its old bytes again. Members that it made and left empty are taken away when it runs again for the undo.
 */
export async function keepingBytes(
  settingsPath: string,
  ledgerDir: string,
  run: () => Promise<void>,
): Promise<void> {
  const before = await ifExists(readFile(settingsPath, 'utf8'));
  await run();
  const after = await ifExists(readFile(settingsPath, 'utf8'));
  if (after === undefined || after === before) return;
  const ledger = await Ledger.read(ledgerDir);
  if (before === undefined) ledger.note(settingsPath, [], { made: 0, file: true });
  for (const key of Object.keys(objectIn(after))) {
    if (!(key in objectIn(before ?? '{}'))) ledger.note(settingsPath, [key], { made: 1, file: false });
  }
  let text = before === undefined ? after : withOldBytes(before, after);
  for (const [key, value] of Object.entries(objectIn(text))) {
    if (ledger.get(settingsPath, [key]) === undefined || !isDeepStrictEqual(value, {})) continue;
    text = removeFromJson(text, [key]);
    ledger.forget(settingsPath, [key]);
  }
  const path = await followed(settingsPath);
  if (ledger.get(settingsPath, [])?.file && isDeepStrictEqual(jsonValue(text), {})) {
    await rm(path);
    ledger.forget(settingsPath, []);
  } else if (text !== after) {
    // Somebody else may have written in between: then theirs stands.
    await changeFile(path, (now) => (now === after ? text : (now ?? text)));
  }
  await ledger.save();
}

/** A text with the value of `after` and, as far as that goes, the bytes of `before`. */
export function withOldBytes(before: string, after: string): string {
  const [old, wanted] = [jsonValue(before), jsonValue(after)];
  if (!isObject(old) || !isObject(wanted)) return after;
  const text = changed(before, [], old, wanted);
  return isDeepStrictEqual(jsonValue(text), wanted) ? text : after;
}

type JsonObject = Record<string, unknown>;

function changed(text: string, path: readonly string[], old: JsonObject, wanted: JsonObject): string {
  let now = text;
  for (const key of Object.keys(old)) if (!(key in wanted)) now = removeFromJson(now, [...path, key]);
  for (const [key, value] of Object.entries(wanted)) {
    const earlier = old[key];
    if (isDeepStrictEqual(earlier, value)) continue;
    if (isObject(earlier) && isObject(value)) now = changed(now, [...path, key], earlier, value);
    else now = addToJson(removeFromJson(now, [...path, key]), [...path, key], value)?.text ?? now;
  }
  return now;
}

function objectIn(text: string): JsonObject {
  const value = jsonValue(text);
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
