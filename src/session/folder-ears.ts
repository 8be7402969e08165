import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename } from 'node:path';

/** Folders and the names in them that matter; without names all do. */
export type Wanted = ReadonlyMap<string, ReadonlySet<string> | undefined>;

/** Hears of changes in folders, as far as the system tells of them. */
export interface FolderEars {
  /**
   * Listens to these folders and to no others. A folder that was replaced is listened to anew.
   * @returns false when the system tells nothing of one of them: it must be looked at often
   */
  listen(wanted: Wanted): Promise<boolean>;
  close(): void;
}

/**
 * Tells of every change in a folder, with the name in it if that is known.
 * @throws at the system's limits (EMFILE, ENOSPC), and when the folder is not there
 */
export type WatchFolder = (
  folder: string,
  changed: (event: string, name: string | null) => void,
) => Pick<FSWatcher, 'close' | 'on'>;

const systemWatch: WatchFolder = (folder, changed) => watch(folder, { persistent: false }, changed);

interface Ear {
  watcher: ReturnType<WatchFolder>;
  /** Which folder bore the name when listening began. */
  id: string;
  isDeaf: boolean;
}

/** Beyond this many folders the rest is only looked at now and then: nobody may use up the system's watches. */
const MAX_FOLDERS = 128;

/** @param maxFolders that are listened to at once; the rest is only looked at */
export function newFolderEars(
  ring: () => void,
  watchFolder = systemWatch,
  maxFolders = MAX_FOLDERS,
): FolderEars {
  const ears = new Map<string, Ear>();
  let wanted: Wanted = new Map();
  const drop = (folder: string) => {
    ears.get(folder)?.watcher.close();
    ears.delete(folder);
  };
  const heard = (folder: string, name: string | null) => {
    const names = wanted.get(folder);
    // Its own name: the folder itself was moved or removed.
    if (!names || name === null || names.has(name) || name === basename(folder)) ring();
  };
  const openEar = (folder: string): boolean => {
    try {
      const watcher = watchFolder(folder, (_event, name) => heard(folder, name));
      const ear: Ear = { watcher, id: idOf(folder) ?? '', isDeaf: false };
      watcher.on('error', () => {
        ear.isDeaf = true;
        ring();
      });
      ears.set(folder, ear);
      return true;
    } catch {
      return false;
    }
  };
  return {
    async listen(folders) {
      wanted = new Map([...folders].slice(0, maxFolders));
      for (const folder of [...ears.keys()]) if (!wanted.has(folder)) drop(folder);
      let hearsAll = true;
      for (const folder of wanted.keys()) {
        const ear = ears.get(folder);
        if (ear && !ear.isDeaf && ear.id === idOf(folder)) continue;
        drop(folder);
        if (!openEar(folder)) hearsAll = false;
      }
      return hearsAll;
    },
    close() {
      for (const folder of [...ears.keys()]) drop(folder);
    },
  };
}

// Not by promises, which cost ten times as much: a supervisor asks for hundreds of folders at each look.
function idOf(folder: string): string | undefined {
  try {
    const { dev, ino, birthtimeMs } = statSync(folder);
    return `${dev}:${ino}:${birthtimeMs}`;
  } catch {
    return undefined;
  }
}
