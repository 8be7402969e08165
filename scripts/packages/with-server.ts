import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SERVER_FOLDER } from './desktop.ts';
import { PLUGIN_FOLDER } from './package-files.ts';

/** Puts the plugin together as it is published. */
export async function copyPlugin(root: string, folder: string): Promise<void> {
  await cp(join(root, PLUGIN_FOLDER), folder, { recursive: true });
  await cp(join(root, 'packages/desktop/icon.png'), join(folder, '.claude-plugin/icon.png'));
  await addServer(root, folder);
}

/** Puts the built programs and the notices into a copy of a package. */
export async function addServer(root: string, folder: string): Promise<void> {
  // Whole: the server starts the worker and the rehearsal child that lie beside it.
  // Not the program of action.yml.
  const filter = (path: string) => !path.endsWith('/action.cjs');
  await cp(join(root, 'dist'), join(folder, SERVER_FOLDER), { recursive: true, filter });
  for (const name of ['LICENSE', 'THIRD-PARTY-NOTICES.md', 'docs/privacy.md'])
    await cp(join(root, name), join(folder, basename(name)));
}
