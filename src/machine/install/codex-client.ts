import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import type { Client, ClientPlace } from './client.ts';
import { findProgram } from './find-program.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { codexMarketplace, codexPackage } from './package/codex-package.ts';
import { addPlugin, inPluginFolder, type PluginWay, packageFolder } from './plugin.ts';
import { changeSettings } from './trace.ts';

/** Codex: a plugin. It runs reading tools by itself and asks before the others, so it needs no allow-list. */
export const codexClient: Client = {
  name: 'codex',
  title: 'Codex',
  restart: 'Restart Codex',
  shownBy: '/mcp',
  find: (context) => findProgram(context, 'codex'),
  installSteps: async (work) => await addPlugin(work, way(work)),
  traces: async (place) => [...way(place).traces, { kind: 'folder', path: packageFolder(place, 'codex') }],
};

function way({ context: { env, home }, scope }: ClientPlace): PluginWay {
  if (scope === 'project') throw INSTALL_ERRORS.scope_not_supported({ title: 'Codex' });
  const codexHome = env.CODEX_HOME || join(home, '.codex');
  const path = join(codexHome, 'config.toml');
  return {
    client: 'codex',
    files: (source) => ({ ...codexMarketplace('plugin'), ...inPluginFolder(codexPackage(source)) }),
    around: (run) => keepingLineEnds(path, run),
    add: (folder) => [
      ['plugin', 'marketplace', 'add', folder],
      ['plugin', 'add', 'samocode@samocode'],
    ],
    traces: [
      { kind: 'table', path, at: ['plugins', 'samocode@samocode'] },
      { kind: 'table', path, at: ['marketplaces', 'samocode'] },
      { kind: 'folder', path: join(codexHome, 'plugins/cache/samocode') },
    ],
  };
}

/** Codex turns the line ends of Windows into its own when it appends to its settings. */
async function keepingLineEnds(path: string, run: () => Promise<void>): Promise<void> {
  const before = (await ifExists(readFile(path, 'utf8'))) ?? '';
  try {
    await run();
  } finally {
    const own = before.replaceAll('\r\n', '\n');
    if (own !== before)
      await changeSettings(path, (after) =>
        after.startsWith(own) ? before + after.slice(own.length).replaceAll('\n', '\r\n') : after,
      );
  }
}
