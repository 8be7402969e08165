import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FinishVerdict } from '../../src/core/acts/finish/publishing.ts';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { findBaseBranch } from '../../src/core/project/finishing/base-branch.ts';
import { emptyState, type SessionState } from '../../src/core/session/events/state.ts';
import type { SessionView } from '../../src/core/session/folder/session-view.ts';
import { sessionPaths } from '../../src/core/session/layout/paths.ts';
import { GitHub } from '../../src/extensions/github/forge/github.ts';
import type { Effects, Publishable } from '../../src/extensions/github/publish/publication.ts';
import { publishBranch } from '../../src/extensions/github/publish/publish-branch.ts';
import { gitHubStub } from './github-stub/github-stub.ts';
import { sessionFileSample } from './session-file-sample.ts';
import type { TempRepo } from './temp-repo.ts';

const SINCE = '2026-01-08T10:00:00.000Z';
const DONE: SessionState['status'] = { kind: 'done', since: SINCE, summary: 'Every boat has a name.' };

/** Publishes as a worker does, without a record. */
export async function publish(
  publication: Publishable,
  withAnswers: boolean,
  { env }: Pick<ActionContext, 'env'>,
  { isUnattended = false }: { isUnattended?: boolean } = {},
) {
  const { signal } = new AbortController();
  const login = { env, signal };
  const effects: Effects = {
    ...{ isByPerson: !isUnattended, during: (act) => act(login), ended: () => undefined },
    cause: async (name, act) => {
      const done = await act(new GitHub({ env }), login);
      return done && { name, outcome: 'done', ...done };
    },
  };
  const {
    summary,
    url,
    from,
    bodyPath = '',
    commands = [],
  } = await publishBranch(publication, { withAnswers }, effects);
  return { summary, bodyPath, commands, ...(url && { url, from }) };
}

export type PublishScene = Awaited<ReturnType<typeof publishScene>>;

/** A branch with a commit, and a remote on a GitHub stub, to which the machine's gh talks. */
export async function publishScene(repo: TempRepo, { status = DONE } = {}) {
  const hub = await gitHubStub();
  const boats = await hub.addRepository('fleet/boats');
  await repo.git(['remote', 'add', 'origin', 'https://github.com/fleet/boats.git']);
  const baseCommit = await repo.git(['rev-parse', 'main']);
  await repo.git(['switch', '--quiet', '-c', 'samocode/x']);
  await repo.commit('Name "every" boat', { 'boats.txt': 'x\n' });
  await repo.git(['switch', '--quiet', 'main']);
  const login = '[credential "https://github.com"]\n\thelper = !gh auth git-credential\n';
  await writeFile(join(repo.homeDir, '.gitconfig'), login);
  const sessionsDir = join(repo.root, 'sessions');
  const paths = sessionPaths(sessionsDir, '26-01-08-x');
  await mkdir(paths.sessionDir, { recursive: true });
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir, mainRepo: repo.path });
  const worktree = { path: join(repo.root, 'w'), branch: 'samocode/x', base: 'main', baseCommit };
  const env = { ...repo.env, ...hub.env };
  const view = {
    folder: paths.folder,
    paths,
    sessionFile: { ...sample, task: 'Give every boat a name\n\nAll of them.' },
    state: { ...emptyState(), status, worktree },
  } as Partial<SessionView> as SessionView;
  const git = { baseEnv: env, config: [] };
  const base = await findBaseBranch({ mainRepo: repo.path, ...worktree, ...git });
  const judged = { view, base, git } as Partial<FinishVerdict> as FinishVerdict;
  const by = { channel: 'cli' } as const;
  const own = { env, by, clock: systemClock, host: await systemHost() };
  const context = own as Partial<ActionContext> as ActionContext;
  const remote = join(hub.gitRoot, 'fleet/boats.git');
  return {
    ...{ hub, boats, remote, paths, judged, context },
    pushed: () => repo.git(['for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads'], remote),
    [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
  };
}
