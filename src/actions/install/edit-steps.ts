import { readFile } from 'node:fs/promises';
import { ifExists } from '../../base/errors.ts';
import { type ClientWork, clientsFolder } from './client.ts';
import { removeFromJson } from './json-edit.ts';
import { isApplied, type SettingsEdit } from './settings-edit.ts';
import type { Step } from './step.ts';

/** The step that makes an edit, unless it is made already. */
export async function addSetting({ context }: ClientWork, edit: SettingsEdit): Promise<Step[]> {
  if (await isApplied(edit)) return [];
  return [{ kind: 'add_setting', edit, ledgerDir: clientsFolder(context) }];
}

/** The step that undoes an edit, unless nothing of it is there. */
export async function removeSetting({ context }: ClientWork, edit: SettingsEdit): Promise<Step[]> {
  const text = await ifExists(readFile(edit.path, 'utf8'));
  if (text === undefined) return [];
  const without = removeFromJson(text, edit.at, edit.ours ? { items: edit.ours } : {});
  return without === text ? [] : [{ kind: 'remove_setting', edit, ledgerDir: clientsFolder(context) }];
}
