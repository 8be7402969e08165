import { readFile } from 'node:fs/promises';
import { ifExists } from '../../base/errors.ts';
import { type ClientWork, clientsFolder } from './client.ts';
import { Ledger } from './ledger.ts';
import { replacedWords } from './member-edit.ts';
import { isApplied, type SettingsEdit, undone } from './settings-edit.ts';
import type { Step } from './step.ts';

/** The step that makes an edit, unless it is made already. */
export async function addSetting({ context }: ClientWork, edit: SettingsEdit): Promise<Step[]> {
  if (await isApplied(edit)) return [];
  const text = await ifExists(readFile(edit.path, 'utf8'));
  const replaces = text === undefined || edit.ours ? undefined : replacedWords(text, edit);
  const ledgerDir = clientsFolder(context);
  return [{ kind: 'add_setting', edit, ledgerDir, ...(replaces !== undefined && { replaces }) }];
}

/** The step that undoes an edit, unless nothing of it is there. */
export async function removeSetting({ context }: ClientWork, edit: SettingsEdit): Promise<Step[]> {
  const text = await ifExists(readFile(edit.path, 'utf8'));
  if (text === undefined) return [];
  const ledgerDir = clientsFolder(context);
  const entry = (await Ledger.read(ledgerDir)).get(edit.path, edit.at);
  if (undone(text, edit, entry) === text) return [];
  return [{ kind: 'remove_setting', edit, ledgerDir, putsBack: entry?.replaced !== undefined }];
}
