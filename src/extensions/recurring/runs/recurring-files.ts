import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { orNothing, systemErrorCode } from '../../../core/kernel/errors.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { namesAt, statsAt } from '../../../core/kernel/files/path-stats.ts';
import { plainJson } from '../../../core/kernel/files/plain-file.ts';
import { Recurring, RecurringState } from '../recurring.ts';

export interface Definitions {
  /** In the order of their creation. */
  recurring: Recurring[];
  /** The paths of those that this version cannot read. */
  broken: string[];
}

export async function readDefinitions(home: string): Promise<Definitions> {
  const found: Definitions = { recurring: [], broken: [] };
  for (const id of (namesAt(folderOf(home)) ?? []).filter((name) => /^[0-9A-Z]{26}$/.test(name)).sort()) {
    const path = definitionPath(home, id);
    const one = await plainJson(path, Recurring);
    if (one?.id === id) found.recurring.push(one);
    // Without it, the folder is that of a removal that was cut off.
    else if (statsAt(path) !== undefined) found.broken.push(path);
  }
  return found;
}

/** @returns undefined if it was removed, or cannot be read */
export async function readDefinition(home: string, id: string): Promise<Recurring | undefined> {
  return await plainJson(definitionPath(home, id), Recurring);
}

export async function createDefinition(home: string, recurring: Recurring): Promise<void> {
  const path = definitionPath(home, recurring.id);
  makeFolder(dirname(path), 0o700);
  await writeWhole(path, textOf(Recurring.parse(recurring)), { exclusive: true, mode: 0o600 });
}

export async function changeDefinition(home: string, recurring: Recurring): Promise<void> {
  await writeWhole(definitionPath(home, recurring.id), textOf(Recurring.parse(recurring)), { mode: 0o600 });
}

export async function removeDefinition(home: string, id: string): Promise<void> {
  const path = definitionPath(home, id);
  // The definition goes first: nothing is started for a folder without it.
  await rm(path, { force: true });
  await rm(dirname(path), { recursive: true, force: true, maxRetries: 3 });
}

/** @returns undefined if it is missing or cannot be read */
export async function readRecurringState(home: string, id: string): Promise<RecurringState | undefined> {
  return await plainJson(statePath(home, id), RecurringState);
}

/** Writes nothing if nothing has changed. @returns false if the recurring session has been removed */
export async function writeRecurringState(home: string, id: string, state: RecurringState): Promise<boolean> {
  if (statsAt(definitionPath(home, id)) === undefined) return false;
  const path = statePath(home, id);
  const text = textOf(RecurringState.parse(state));
  try {
    if (orNothing(() => readFileSync(path, 'utf8')) !== text) await writeWhole(path, text, { mode: 0o600 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function definitionPath(home: string, id: string): string {
  return join(folderOf(home), id, 'recurring.json');
}

function statePath(home: string, id: string): string {
  return join(folderOf(home), id, 'state.json');
}

function folderOf(home: string): string {
  return join(configFolder(home), 'recurring');
}
