import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface RecipePlaces {
  /** A new folder, for the browser and the application. */
  dir: string;
  sessionDir: string;
  port: number;
  /** The width and height of the picture. */
  page: string;
  /** Starts the application. */
  start: string;
}

/** The commands for a headless Chromium in the prompt of testing agents, with their placeholders filled in. */
export async function browserRecipe(places: RecipePlaces): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, '../../workflow/headless-chromium.md'), 'utf8');
  const [, block = ''] = /\*\*Headless Chromium\*\*[\s\S]*?```\n([\s\S]*?)```/.exec(text) ?? [];
  const words: Readonly<Record<string, string>> = {
    '[dir]': places.dir,
    '[port]': String(places.port),
    '[page]': places.page,
    '[session path]': places.sessionDir,
    '[npm start]': places.start,
    '[number in app.pid]': `$(cat ${places.dir}/app.pid)`,
  };
  return Object.entries(words)
    .reduce((commands, [word, value]) => commands.replaceAll(word, () => value), block)
    .trim()
    .split('\n');
}
