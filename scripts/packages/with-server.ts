import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SERVER_FOLDER } from './desktop.ts';
import { PLUGIN_FOLDER } from './package-files.ts';

/** Assembles the plugin as it is published. */
export async function copyPlugin(root: string, folder: string): Promise<void> {
  await cp(join(root, PLUGIN_FOLDER), folder, { recursive: true });
  await cp(join(root, 'packages/desktop/icon.png'), join(folder, '.claude-plugin/icon.png'));
  await addServer(root, folder);
}

/** Adds the built programs and the notices to a copy of a package. */
export async function addServer(root: string, folder: string): Promise<void> {
  // Everything except the program of action.yml: the server starts the worker and the rehearsal agent next to it.
  const filter = (path: string) => !path.endsWith('/action.cjs');
  await cp(join(root, 'dist'), join(folder, SERVER_FOLDER), { recursive: true, filter });
  for (const name of ['LICENSE', 'THIRD-PARTY-NOTICES.md', 'docs/privacy.md'])
    await cp(join(root, name), join(folder, basename(name)));
}
