import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { noteFlow, readSessionFile, type Scene } from './scene.ts';

/**
 * Reads what a person left for the next child in `_inbox/`, and says that it was read: a rehearsal cannot
 * act on it. The files stay; the worker puts them away.
 * @returns the messages' ids, as their file names have them
 */
export async function hearGuidance(scene: Scene): Promise<string[]> {
  const entries = (await ifExists(readdir(join(scene.sessionDir, '_inbox'), { withFileTypes: true }))) ?? [];
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
  for (const name of names.sort()) {
    const text = (await readSessionFile(scene, `_inbox/${name}`)) ?? '';
    const words = firstWords(text);
    await scene.stage.say(`A person says: ${words}`);
    await noteFlow(scene, `Guidance read: ${words}`);
  }
  return names.flatMap((name) => ULID.exec(name)?.[0] ?? []);
}

const ULID = /[0-7][0-9A-HJKMNP-TV-Z]{25}/;

// What stands above the message itself are headings and labels, such as who sent it and when.
function firstWords(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/^\s*>\s?/, '').trim());
  return (
    lines.find((line) => line !== '' && !/^(?:#|---|\*\*|[A-Z][\w -]*:)/.test(line))?.slice(0, 120) ?? ''
  );
}
