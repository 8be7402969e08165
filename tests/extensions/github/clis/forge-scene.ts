import { GitHub } from '../../../../src/extensions/github/forge/github.ts';
import { gitHubStub } from '../../../support/github-stub/github-stub.ts';
import { tempDir } from '../../../support/temp-dir.ts';

export const BOATS = 'github.com/fleet/boats';

export type Scene = Awaited<ReturnType<typeof scene>>;

/** A repository on the stub of GitHub, accessed with the gh of this machine (2.23 or newer). */
export async function scene() {
  const hub = await gitHubStub();
  const repository = await hub.addRepository('fleet/boats');
  const home = await tempDir();
  // The last two make gh format its output for a terminal.
  const env = {
    ...hub.env,
    PATH: process.env.PATH,
    HOME: home.path,
    GH_FORCE_TTY: '80',
    CLICOLOR_FORCE: '1',
  };
  return {
    ...{ hub, repository, env, home: home.path, forge: new GitHub({ env }) },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}
