import { mkdirSync } from 'node:fs';
import { type HomePlaces, stateFolders } from './home-places.ts';
import { type Mount, writable } from './mount.ts';

export async function copyState(cli: string, home: HomePlaces, _folder: string): Promise<Mount[]> {
  const folders = stateFolders(home, [cli]);
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  return folders.map(writable);
}
