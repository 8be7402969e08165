import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An application whose pictures go into the pull request. */
export const UPLOADS = {
  ...{ ports: ['web'], services: [{ name: 'web', command: 'serve' }], ready: {}, env: {} },
  ...{ in: [], pages: ['/login'], uploads: true as const },
};

/** A gh with `--attach`, which keeps its words and posts the comment; for anything else it is the installed one. */
export async function newGh(root: string, env: Readonly<Record<string, string | undefined>>) {
  const bin = join(root, 'new-gh');
  await mkdir(bin);
  const real = `PATH='${env.PATH}' exec gh`;
  const lines = [
    '#!/bin/sh',
    `[ "$1 $2" = 'pr comment' ] || ${real} "$@"`,
    `printf '%s\\n' "$@" >>'${bin}/words'`,
    `${real} api "repos/fleet/boats/issues/$3/comments" -F body=@- --jq .html_url`,
  ];
  await writeFile(join(bin, 'gh'), `${lines.join('\n')}\n`, { mode: 0o755 });
  return {
    env: { ...env, PATH: `${bin}:${env.PATH}` },
    words: async () => (await readFile(join(bin, 'words'), 'utf8')).trimEnd().split('\n'),
  };
}
