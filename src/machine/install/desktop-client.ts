import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import type { Client, ClientPlace } from './client.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { serverStart } from './package-copy.ts';
import { addServer, serverTrace } from './server-entry.ts';

const title = 'Claude Desktop';

/** Claude Desktop has no command of its own for this: its settings file is changed. */
export const desktopClient: Client = {
  name: 'desktop',
  title,
  restart: 'Quit Claude Desktop and open it again',
  async find(context) {
    const folder = settingsFolder(context);
    // Whatever is wrong with it: a folder that cannot be looked at has no settings to change.
    const found = await stat(folder).catch(() => undefined);
    return found?.isDirectory() ? folder : undefined;
  },
  async installSteps(work) {
    const path = settingsPath(work);
    return await addServer({ path, start: await serverStart(work.context) }, { ...work, title });
  },
  traces: async (place) => [serverTrace(settingsPath(place))],
};

function settingsPath({ context, scope }: ClientPlace): string {
  if (scope === 'project') throw INSTALL_ERRORS.scope_not_supported({ title });
  return join(settingsFolder(context), 'claude_desktop_config.json');
}

function settingsFolder({ env, home }: ActionContext): string {
  switch (process.platform) {
    case 'darwin':
      return join(home, 'Library/Application Support/Claude');
    case 'win32':
      return join(env.APPDATA || join(home, 'AppData/Roaming'), 'Claude');
    default:
      return join(home, '.config/Claude');
  }
}
