import { join } from 'node:path';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { POOL_REFS } from '../../src/extensions/pool/board/git-remote.ts';
import { rootCommit } from '../../src/extensions/pool/membership/open-member.ts';
import { changePoolFile, type Joined } from '../../src/extensions/pool/pool-file.ts';
import { freePort } from './free-port.ts';
import type { TempProject } from './project.ts';

/** Records that a machine has joined a pool, as `pool join` does, whose database does not respond. */
export async function recordPool(
  { repo, context }: { repo: TempProject['repo']; context: ActionContext },
  change: Partial<Joined> = {},
): Promise<Joined> {
  const joined: Joined = {
    name: 'anna',
    project: await rootCommit(repo.path, repo.env),
    config: join(repo.path, '.samocode'),
    remote: repo.path,
    prefix: POOL_REFS,
    database: `postgres://anna@127.0.0.1:${await freePort()}/pool`,
    login: 'anna',
    ...change,
  };
  await changePoolFile(context, (file) => ({ ...file, pools: [joined] }));
  return joined;
}
