import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../context.ts';
import type { Client, ClientWork } from './client.ts';
import { addSetting, removeSetting } from './edit-steps.ts';
import { serverStart } from './package-copy.ts';
import { ScopeError } from './scope-error.ts';
import type { SettingsEdit } from './settings-edit.ts';

/** Claude Desktop has no command of its own for this: its settings file is changed. */
export const desktopClient: Client = {
  name: 'desktop',
  title: 'Claude Desktop',
  restart: 'Quit Claude Desktop and open it again',
  async find(context) {
    const folder = settingsFolder(context);
    // Whatever is wrong with it: a folder that cannot be looked at has no settings to change.
    const found = await stat(folder).catch(() => undefined);
    return found?.isDirectory() ? folder : undefined;
  },
  installSteps: async (work) => await addSetting(work, edit(work)),
  uninstallSteps: async (work) => await removeSetting(work, edit(work)),
};

function edit({ context, scope, place }: ClientWork): SettingsEdit {
  if (scope === 'project') throw new ScopeError('Claude Desktop');
  return {
    path: join(place, 'claude_desktop_config.json'),
    at: ['mcpServers', 'samocode'],
    value: serverStart(context),
  };
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
