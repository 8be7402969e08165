import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { changeFile } from '../../../core/faults/with-settings.ts';
import { eventually } from '../../../support/eventually.ts';
import { type GitHubStub, gitHubStub } from '../../../support/github-stub/github-stub.ts';
import type { StubIssue, StubRepository } from '../../../support/github-stub/model.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { putOnHub } from './on-hub.ts';

export interface PublishRig extends AsyncDisposable {
  hub: GitHubStub;
  repository: StubRepository;
  issue: StubIssue;
  rig: SessionRig;
  context: ActionContext;
  /** The pushes that the remote has accepted, as `<old> <new> <ref>`. */
  pushes(): Promise<string[]>;
  /** The requests for comments and pull requests. */
  posts(): string[];
}

/** A copy of a session without a worker, started for an issue, whose repository is on the stub of GitHub. */
export async function publishRig(
  copyOf: string,
  { here = false }: { here?: boolean } = {},
): Promise<PublishRig> {
  const hub = await gitHubStub();
  const repository = await hub.addRepository('fleet/boats');
  const issue = repository.openIssue('ada', 'Names', 'Please.');
  const rig = await startRig({ ...(here ? { here } : { faults: true }), copyOf });
  // The person's gh login, in every environment that starts a worker.
  Object.assign(rig.repo.env, hub.env);
  const env = { ...rig.repo.env };
  const { number } = issue;
  const url = `https://github.com/fleet/boats/issues/${number}`;
  const given = { repository: 'github.com/fleet/boats', number, url, title: 'Names', text: 'Please.' };
  await changeFile(rig, () => ({ issue: given }));
  await putOnHub(hub, rig.repo);
  const { pushes } = await notedPushes(hub);
  return {
    ...{ hub, repository, issue, rig, pushes },
    context: { ...rig.context(), env },
    posts: () => postsOf(hub),
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}

/** Requests that create something, but not those that change a text. */
export function postsOf({ requests }: GitHubStub): string[] {
  return requests.flatMap(({ method, path }) =>
    method === 'POST' && path !== '/graphql' ? [path.replace(/^\/repos\/[^/]+\/[^/]+/, '')] : [],
  );
}

/** Starts to count the pushes that the remote accepts. */
export async function notedPushes({ gitRoot }: GitHubStub): Promise<Pick<PublishRig, 'pushes'>> {
  const remote = join(gitRoot, 'fleet/boats.git');
  const notes = join(remote, 'pushes');
  await writeFile(join(remote, 'hooks/post-receive'), `#!/bin/sh\ncat >>'${notes}'\n`, { mode: 0o755 });
  return {
    pushes: async () =>
      existsSync(notes) ? (await readFile(notes, 'utf8')).split('\n').filter((line) => line !== '') : [],
  };
}

/** An environment in which a worker dies once at a point; `died` resolves when it has. */
export function dying({ repo }: SessionRig, point: string) {
  const crashed = join(repo.root, `crashed at ${point}`);
  return {
    env: { SAMOCODE_CRASH_AT: point, SAMOCODE_CRASHED_FILE: crashed },
    died: () => eventually(async () => existsSync(crashed), { what: `a worker that dies at ${point}` }),
  };
}
