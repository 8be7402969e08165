import { copyFile, readFile, realpath, rm } from 'node:fs/promises';
import { stripComments } from 'jsonc-parser';
import { parse, stringify, TomlError } from 'smol-toml';
import { ifExists } from '../../../core/kernel/errors.ts';
import { changeFile } from '../../../core/kernel/files/change-file.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { isMembers, jsonValue } from './json-member.ts';

type Settings = Record<string, unknown>;

/** The settings in the text of a `.toml` or JSON file; undefined for a text in another format. */
export function parseSettingsFile(path: string, text: string): Settings | undefined {
  const value = isToml(path) ? tomlValue(text) : jsonValue(text);
  return isMembers(value) ? value : undefined;
}

/**
 * Changes the settings in a file and writes them whole. If that changes how the person's own lines are written, a copy
 * of the file stays beside it.
 */
export async function changeSettings(
  path: string,
  change: (settings: Settings) => Settings | undefined,
): Promise<void> {
  const before = await readFile(path, 'utf8');
  const settings = parseSettingsFile(path, before);
  if (settings !== undefined && textOf(path, settings, before) !== before) await keepCopy(path);
  await changeText(path, (text) => {
    const there = parseSettingsFile(path, text);
    const changed = there && change(there);
    return changed && textOf(path, changed, text);
  });
}

/** Refuses a file whose comments a change would lose. @param byHand what the person does instead */
export function refuseComments(path: string, text: string, byHand: string): void {
  if (hasComments(path, text)) throw INSTALL_ERRORS.settings_have_comments({ path, byHand });
}

export function hasComments(path: string, text: string): boolean {
  return isToml(path) ? text.includes('#') : stripComments(text) !== text;
}

/** Changes the text of a settings file, following a link; never creates one. */
export async function changeText(path: string, change: (text: string) => string | undefined): Promise<void> {
  let isRefused = false;
  // Fails for a folder, which changeFile would quarantine.
  await readFile(path);
  await changeFile((await ifExists(realpath(path))) ?? path, (text = '') => {
    const changed = change(text);
    isRefused = changed === undefined;
    return changed ?? text;
  });
  if (isRefused) throw INSTALL_ERRORS.settings_file_unreadable({ path });
}

async function keepCopy(path: string): Promise<void> {
  const copy = `${path}.before-samocode`;
  // An earlier copy might be read-only.
  await rm(copy, { force: true });
  await copyFile(path, copy);
}

/** The settings as text, with the indentation and the end of the text before. */
function textOf(path: string, settings: Settings, before: string): string {
  if (isToml(path)) return stringify(settings);
  const [, indent = '  '] = /\n([ \t]+)\S/.exec(before) ?? [];
  return JSON.stringify(settings, undefined, indent) + (/\s*$/.exec(before)?.[0] ?? '');
}

function isToml(path: string): boolean {
  return path.endsWith('.toml');
}

function tomlValue(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}
