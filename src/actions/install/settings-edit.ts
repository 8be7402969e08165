import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { changeFile } from '../../base/change-file.ts';
import { ifExists, SamocodeError } from '../../base/errors.ts';
import { addToJson, removeFromJson } from './json-edit.ts';
import { jsonValue } from './json-tree.ts';
import { followed, Ledger, type LedgerEntry } from './ledger.ts';
import { type MemberEdit, setMember, unsetMember } from './member-edit.ts';

/** Something of ours in a client's settings file. */
export interface SettingsEdit {
  path: string;
  /** Where in the file: keys from the top. */
  at: readonly string[];
  /** A list is added to the list that is there; of an object that is there the other keys stay. */
  value: unknown;
  /** Keys of an object that a person's own entry keeps when it has them; our other keys are set. */
  soft?: readonly string[];
  /** Which items of the list are ours; absent: the whole member is. */
  ours?: (item: unknown) => boolean;
}

const EMPTY = '{}\n';

/** Whether a settings file holds our part already, just as we would write it. */
export async function isApplied(edit: SettingsEdit): Promise<boolean> {
  const text = await ifExists(readFile(edit.path, 'utf8'));
  const made = text === undefined ? undefined : edited(text, edit);
  return text !== undefined && made !== undefined && isDeepStrictEqual(jsonValue(made.text), jsonValue(text));
}

/**
 * Adds our part to a settings file and remembers in `ledgerDir` what was made or replaced on the way, for the undo.
 * @throws SettingsFileError when it is not the file that we know; nothing was changed then
 */
export async function applyEdit(edit: SettingsEdit, ledgerDir: string): Promise<void> {
  const path = await followed(edit.path);
  const before = await ifExists(readFile(path, 'utf8'));
  const tried = edited(before ?? EMPTY, edit);
  if (tried === undefined) throw new SettingsFileError(edit.path);
  const { made, replaced } = tried;
  const ledger = await Ledger.read(ledgerDir);
  ledger.note(edit.path, edit.at, {
    made,
    file: before === undefined,
    ...(replaced !== undefined && { replaced }),
  });
  await ledger.save();
  await mkdir(dirname(path), { recursive: true });
  await changeFile(path, (text) => edited(text ?? EMPTY, edit)?.text ?? text ?? EMPTY);
}

/** Takes our part out again, with what was made for it and is empty now, and puts back what it took the place of. */
export async function undoEdit(edit: SettingsEdit, ledgerDir: string): Promise<void> {
  const path = await followed(edit.path);
  const before = await ifExists(readFile(path, 'utf8'));
  const ledger = await Ledger.read(ledgerDir);
  const entry = ledger.get(edit.path, edit.at);
  if (before !== undefined) {
    if (entry?.file && isDeepStrictEqual(jsonValue(undone(before, edit, entry)), {})) await rm(path);
    else await changeFile(path, (text) => undone(text ?? EMPTY, edit, entry));
  }
  ledger.forget(edit.path, edit.at);
  await ledger.save();
}

/** What the undo would leave of a text. */
export function undone(text: string, edit: SettingsEdit, entry: LedgerEntry | undefined): string {
  const { made = 0, replaced } = entry ?? {};
  if (edit.ours) return removeFromJson(text, edit.at, { made, items: edit.ours });
  return unsetMember(text, edit, { noted: entry !== undefined, made, replaced });
}

function edited(text: string, edit: SettingsEdit): MemberEdit | undefined {
  return edit.ours ? addToJson(text, edit.at, edit.value) : setMember(text, edit);
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
