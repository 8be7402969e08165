import { join } from 'node:path';
import type { Client, ClientWork } from './client.ts';
import { findProgram } from './find-program.ts';
import { codexMarketplace, codexPackage } from './package/codex-package.ts';
import { addPlugin, inPluginFolder, type PluginWay, removePlugin } from './plugin.ts';
import { ScopeError } from './scope-error.ts';

/** Codex: a plugin. It runs reading tools by itself and asks before the others, so it needs no allow-list. */
export const codexClient: Client = {
  name: 'codex',
  title: 'Codex',
  restart: 'Restart Codex',
  shownBy: '/mcp',
  find: (context) => findProgram(context, 'codex'),
  installSteps: async (work) => await addPlugin(work, way(work)),
  uninstallSteps: async (work) => await removePlugin(work, way(work)),
};

function way({ context: { env, home }, scope }: ClientWork): PluginWay {
  if (scope === 'project') throw new ScopeError('Codex');
  const codexHome = env.CODEX_HOME || join(home, '.codex');
  const settings = join(codexHome, 'config.toml');
  return {
    client: 'codex',
    files: (source) => ({ ...codexMarketplace('plugin'), ...inPluginFolder(codexPackage(source)) }),
    add: (folder) => [
      ['plugin', 'marketplace', 'add', folder],
      ['plugin', 'add', 'samocode@samocode'],
    ],
    leftFolder: join(codexHome, 'plugins/cache/samocode'),
    registered: [
      {
        path: settings,
        words: '[plugins."samocode@samocode"]',
        remove: ['plugin', 'remove', 'samocode@samocode'],
      },
      {
        path: settings,
        words: '[marketplaces.samocode]',
        remove: ['plugin', 'marketplace', 'remove', 'samocode'],
      },
    ],
  };
}
