import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { changeFile } from '../../base/change-file.ts';
import { ifExists, SamocodeError } from '../../base/errors.ts';
import { addToJson, removeFromJson } from './json-edit.ts';
import { jsonValue } from './json-tree.ts';
import { followed, Ledger } from './ledger.ts';

/** Something of ours in a client's settings file. */
export interface SettingsEdit {
  path: string;
  /** Where in the file: keys from the top. */
  at: readonly string[];
  /** A list is added to the list that is there; anything else is set. */
  value: unknown;
  /** Which items of the list are ours; absent: the whole member is. */
  ours?: (item: unknown) => boolean;
}

const EMPTY = '{}\n';

/** Whether a settings file holds our part already, just as we would write it. */
export async function isApplied({ path, at, value }: SettingsEdit): Promise<boolean> {
  const text = await ifExists(readFile(path, 'utf8'));
  const edit = text === undefined ? undefined : addToJson(text, at, value);
  return text !== undefined && edit !== undefined && isDeepStrictEqual(jsonValue(edit.text), jsonValue(text));
}

/**
 * Adds our part to a settings file and remembers in `ledgerDir` what was made on the way, for the undo.
 * @throws SettingsFileError when it is not the file that we know; nothing was changed then
 */
export async function applyEdit(edit: SettingsEdit, ledgerDir: string): Promise<void> {
  const path = await followed(edit.path);
  const before = await ifExists(readFile(path, 'utf8'));
  const tried = addToJson(before ?? EMPTY, edit.at, edit.value);
  if (tried === undefined) throw new SettingsFileError(edit.path);
  const ledger = await Ledger.read(ledgerDir);
  ledger.note(edit.path, edit.at, { made: tried.made, file: before === undefined });
  await ledger.save();
  await mkdir(dirname(path), { recursive: true });
  await changeFile(path, (text) => addToJson(text ?? EMPTY, edit.at, edit.value)?.text ?? text ?? EMPTY);
}

/** Takes our part out again, with what was made for it and is empty now. */
export async function undoEdit(edit: SettingsEdit, ledgerDir: string): Promise<void> {
  const path = await followed(edit.path);
  const before = await ifExists(readFile(path, 'utf8'));
  const ledger = await Ledger.read(ledgerDir);
  const { made, file } = ledger.get(edit.path, edit.at) ?? { made: 0, file: false };
  const without = (text: string) =>
    removeFromJson(text, edit.at, { made, ...(edit.ours && { items: edit.ours }) });
  if (before !== undefined) {
    if (file && isDeepStrictEqual(jsonValue(without(before)), {})) await rm(path);
    else await changeFile(path, (text) => without(text ?? EMPTY));
  }
  ledger.forget(edit.path, edit.at);
  await ledger.save();
}

class SettingsFileError extends SamocodeError {
  readonly code = 'settings_file_unreadable';

  constructor(path: string) {
    super(
      `The settings file ${path} was left as it is.`,
      'It is not the JSON that the client documents.',
      'Mend it, or add samocode by hand as mcp.json.example shows.',
    );
  }
}
