import { lstat, readFile, rm } from 'node:fs/promises';
import { ifExists } from '../../../core/kernel/errors.ts';
import { valueAt } from './json-member.ts';
import { changeMember, parseSettingsFile, refuseComments } from './settings-file.ts';

/** Something `install` might have written; `uninstall` searches for it even if the client is not installed. */
export interface InstalledPart {
  /** Where it is, for people. */
  words: string;
  isFolder: boolean;
  /** @throws a system error */
  isThere(): Promise<boolean>;
  /** Removes it and keeps every other setting in its file. */
  remove(): Promise<void>;
}

export function folderPart(path: string): InstalledPart {
  return {
    words: path,
    isFolder: true,
    isThere: async () => (await ifExists(lstat(path))) !== undefined,
    remove: async () => await rm(path, { recursive: true, force: true }),
  };
}

type At = readonly string[];

interface PartOptions {
  isOurs?: (value: unknown) => boolean;
  /** Keeps the objects around it if they become empty. */
  keepParents?: boolean;
}

export function memberPart(path: string, at: At, { isOurs = () => true, keepParents }: PartOptions = {}) {
  return settingsPart(path, at, { left: (value) => (isOurs(value) ? undefined : value), keepParents });
}

/** Our items in a list of a settings file. */
export function itemsPart(path: string, at: At, { isOurs = () => true, keepParents }: PartOptions) {
  const left = (list: unknown) => {
    if (!Array.isArray(list) || !list.some(isOurs)) return list;
    const others = list.filter((item) => !isOurs(item));
    return others.length > 0 ? others : undefined;
  };
  return settingsPart(path, at, { left, keepParents });
}

interface Removal {
  /** What stays of the value at the path; undefined if nothing does. */
  left(value: unknown): unknown;
  keepParents?: boolean;
}

function settingsPart(path: string, at: At, { left, keepParents }: Removal): InstalledPart {
  const words = `${path}, at ${at.join('.')}`;
  return {
    words,
    isFolder: false,
    async isThere() {
      const text = await ifExists(readFile(path, 'utf8'));
      if (text === undefined) return false;
      const settings = parseSettingsFile(path, text);
      // In a file that cannot be parsed, any line that is not a comment might contain the part.
      if (settings === undefined) return /^(?!\s*(?:#|\/\/)).*samocode/m.test(text);
      const there = valueAt(settings, at);
      return left(there) !== there;
    },
    async remove() {
      if (path.endsWith('.toml'))
        refuseComments(path, await readFile(path, 'utf8'), `remove samocode at ${at.join('.')}`);
      await changeMember(path, at, left, keepParents);
    },
  };
}
