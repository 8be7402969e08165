import { lstat, readFile, rm } from 'node:fs/promises';
import { ifExists } from '../../../core/kernel/errors.ts';
import { valueAt } from './json-member.ts';
import { changeMember, parseSettingsFile } from './settings-file.ts';
import type { Step } from './step.ts';

/** Something `install` might have written; `uninstall` searches for it even if the client is not installed. */
export interface InstalledPart extends Step {
  place: string;
  /** @throws a system error */
  isThere(): Promise<boolean>;
}

export function folderPart(path: string): InstalledPart {
  return {
    words: `remove ${path}`,
    place: path,
    isThere: async () => (await ifExists(lstat(path))) !== undefined,
    run: async () => await rm(path, { recursive: true, force: true }),
  };
}

interface PartOptions {
  /** Asked about the member, or about each item of a list. */
  isOurs?: (value: unknown) => boolean;
  /** Keeps the objects around it if they become empty. */
  keepParents?: boolean;
}

/** A member of a settings file, or our items if it is a list. */
export function memberPart(
  path: string,
  at: readonly string[],
  { isOurs = () => true, keepParents }: PartOptions = {},
): InstalledPart {
  const left = (value: unknown) => {
    if (!Array.isArray(value)) return isOurs(value) ? undefined : value;
    const others = value.filter((item) => !isOurs(item));
    if (others.length === value.length) return value;
    return others.length > 0 ? others : undefined;
  };
  const place = `${path}, at ${at.join('.')}`;
  return {
    words: `remove samocode's part from ${place}`,
    place,
    async isThere() {
      const text = await ifExists(readFile(path, 'utf8'));
      if (text === undefined) return false;
      const settings = parseSettingsFile(path, text);
      // In a file that cannot be parsed, any line that is not a comment might contain the part.
      if (settings === undefined) return /^(?!\s*(?:#|\/\/)).*samocode/m.test(text);
      const there = valueAt(settings, at);
      return left(there) !== there;
    },
    run: async () => await changeMember(path, at, left, keepParents),
  };
}

/** Steps that remove existing parts and try to remove unreadable ones; the report names those that stay. */
export async function removalSteps(parts: readonly InstalledPart[]): Promise<Step[]> {
  const areThere = await Promise.all(parts.map(({ isThere }) => isThere().catch(() => true)));
  return parts.filter((_, index) => areThere[index]);
}
