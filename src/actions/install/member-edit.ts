import { isDeepStrictEqual } from 'node:util';
import { addToJson, type JsonEdit, removeFromJson, replaceAt, setInJson, textAt } from './json-edit.ts';
import { jsonValue } from './json-tree.ts';

/** An entry of ours in somebody's settings, such as a server among servers. */
export interface Member {
  at: readonly string[];
  value: unknown;
  /** Keys of it that a person's own entry keeps when it has them. */
  soft?: readonly string[] | undefined;
}

export interface MemberEdit extends JsonEdit {
  /** What stood there before, byte by byte. */
  replaced?: string;
}

type JsonObject = Record<string, unknown>;

/**
 * Makes a member ours. One that a person wrote keeps every key that need not be ours, such as its `env`.
 * @returns undefined when the text is no JSON object, or something else stands in the way
 */
export function setMember(text: string, member: Member): MemberEdit | undefined {
  const before = textAt(text, member.at);
  if (before === undefined) return addToJson(text, member.at, member.value);
  const there = jsonValue(before);
  const wanted = memberIn(there, member);
  if (isDeepStrictEqual(there, wanted)) return { text, made: 0 };
  const changed =
    isObject(there) && isObject(wanted) && keepsOwn(there)
      ? withKeys(text, member.at, there, wanted)
      : setInJson(text, member.at, wanted);
  return { text: changed, made: 0, replaced: before };
}

/** Takes a member out again, or gives what was replaced its place back; what a person has changed since stays. */
export function unsetMember(
  text: string,
  { at, value, soft }: Member,
  { noted, made = 0, replaced }: { noted: boolean; made?: number; replaced?: string | undefined },
): string {
  const now = jsonValue(textAt(text, at) ?? '');
  if (now === undefined) return text;
  if (replaced === undefined)
    return noted || isDeepStrictEqual(now, value) ? removeFromJson(text, at, { made }) : text;
  const old = jsonValue(replaced);
  if (isDeepStrictEqual(now, memberIn(old, { at, value, soft }))) return replaceAt(text, at, replaced);
  if (!isObject(now) || !isObject(value) || !isObject(old)) return text;
  // Somebody was here since: only the keys that are ours go back.
  const back = { ...now };
  for (const key of Object.keys(value)) {
    if (key in old) back[key] = old[key];
    else delete back[key];
  }
  return withKeys(text, at, now, back);
}

/** What of a person's entry another value takes the place of, in words; no value of a key that may be a secret. */
export function replacedWords(text: string, member: Member): string | undefined {
  const before = textAt(text, member.at);
  if (before === undefined) return undefined;
  const there = jsonValue(before);
  const wanted = memberIn(there, member);
  if (isDeepStrictEqual(there, wanted)) return undefined;
  if (!isObject(there)) return before;
  if (!keepsOwn(there)) return `an entry of another kind (${Object.keys(there).join(', ')})`;
  const keys = Object.keys(there).filter((key) => !isDeepStrictEqual(there[key], Object(wanted)[key]));
  const kept = Object.keys(there).filter((key) => !keys.includes(key));
  const parts = keys.map((key) => `${key} ${JSON.stringify(there[key])}`);
  return `${parts.join(', ') || 'an entry'}${kept.length > 0 ? `; ${kept.join(', ')} stays` : ''}`;
}

function memberIn(there: unknown, { value, soft = [] }: Member): unknown {
  if (!isObject(there) || !isObject(value) || !keepsOwn(there)) return value;
  const ours = Object.entries(value).filter(([key]) => !(soft.includes(key) && key in there));
  return { ...there, ...Object.fromEntries(ours) };
}

/** A server that is reached by an address is none that our command could be put into. */
function keepsOwn(there: JsonObject): boolean {
  const { type } = there;
  return !('url' in there || 'httpUrl' in there) && (type === undefined || type === 'stdio');
}

/** Only the keys that differ are written. */
function withKeys(text: string, at: readonly string[], now: JsonObject, wanted: JsonObject): string {
  let changed = text;
  for (const key of Object.keys(now)) {
    if (!(key in wanted)) changed = removeFromJson(changed, [...at, key]);
  }
  for (const [key, value] of Object.entries(wanted)) {
    if (!isDeepStrictEqual(now[key], value)) changed = setInJson(changed, [...at, key], value);
  }
  return changed;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
