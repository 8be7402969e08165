import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { type Bench, type BenchPlan, makeBench } from '../../../support/bench.ts';
import { eventually } from '../../../support/eventually.ts';
import { type GitHubStub, gitHubStub } from '../../../support/github-stub/github-stub.ts';
import type { StubRepository } from '../../../support/github-stub/model.ts';
import { gitWithLogin, putOnHub } from './on-hub.ts';

export interface Machine extends Bench {
  /** The commit of a branch on the forge; empty: there is none. */
  at(branch: string): Promise<string>;
  /** git with gh's login. */
  git(...args: string[]): Promise<string>;
  until(folder: string, holds: (view: SessionView) => boolean): Promise<SessionView>;
}

export interface IssueRig extends AsyncDisposable {
  hub: GitHubStub;
  repository: StubRepository;
  /** Another home and another clone of the same repository. */
  machine(plan?: BenchPlan): Promise<Machine>;
}

/** A repository on the stub of GitHub, and machines with a project of it. */
export async function issueRig(): Promise<IssueRig> {
  const hub = await gitHubStub();
  const repository = await hub.addRepository('fleet/boats');
  const machines: Machine[] = [];
  return {
    ...{ hub, repository },
    async machine(plan = {}) {
      const made = await machineOf(hub, plan);
      machines.push(made);
      return made;
    },
    async [Symbol.asyncDispose]() {
      for (const each of machines) await each[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}

async function machineOf(hub: GitHubStub, plan: BenchPlan): Promise<Machine> {
  const bench = await makeBench({ here: true, sandbox: 'guard', ...plan });
  const { path: cwd, env } = bench.repo;
  Object.assign(env, hub.env);
  await putOnHub(hub, bench.repo);
  const git = (...args: string[]) => gitWithLogin(args, { cwd, env });
  return {
    ...bench,
    git,
    at: async (branch) => (await git('ls-remote', 'origin', `refs/heads/${branch}`)).split('\t')[0] ?? '',
    async until(folder, holds) {
      const what = `the state of ${folder}`;
      await eventually(async () => holds(await bench.view(folder)), { what });
      return await bench.view(folder);
    },
  };
}
