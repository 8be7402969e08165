import { join } from 'node:path';
import { ALLOWED_TOOLS } from './allow-list.ts';
import type { Client, ClientWork } from './client.ts';
import { addSetting, removeSetting } from './edit-steps.ts';
import { findProgram } from './find-program.ts';
import { claudeMarketplace, claudePackage } from './package/claude-package.ts';
import { publishedStart } from './package/package-source.ts';
import { addPlugin, inPluginFolder, type PluginWay, removePlugin } from './plugin.ts';
import type { SettingsEdit } from './settings-edit.ts';

/** As Claude Code names the tools of our plugin's server. */
const TOOL_PREFIX = 'mcp__plugin_samocode_samocode__';

/** Claude Code: a plugin for the person, or the server alone in a project's `.mcp.json`. */
export const claudeClient: Client = {
  name: 'claude',
  title: 'Claude Code',
  restart: 'Restart Claude Code, or type /reload-plugins in it',
  shownBy: '/mcp',
  find: (context) => findProgram(context, 'claude'),
  async installSteps(work) {
    if (work.scope === 'project') return await addSetting(work, projectEdit(work));
    const allowed = work.allow ? await addSetting(work, allowEdit(work)) : [];
    return [...(await addPlugin(work, way(work))), ...allowed];
  },
  async uninstallSteps(work) {
    if (work.scope === 'project') return await removeSetting(work, projectEdit(work));
    return [...(await removeSetting(work, allowEdit(work))), ...(await removePlugin(work, way(work)))];
  },
};

function way({ context }: ClientWork): PluginWay {
  return {
    client: 'claude',
    files: (source) => ({ ...claudeMarketplace(source, 'plugin'), ...inPluginFolder(claudePackage(source)) }),
    settingsPath: join(settingsDir(context), 'settings.json'),
    leftFolder: join(settingsDir(context), 'plugins/cache/samocode'),
    add: (folder) => [
      ['plugin', 'marketplace', 'add', folder],
      ['plugin', 'install', 'samocode@samocode', '--scope', 'user'],
    ],
    registered: [
      {
        path: join(settingsDir(context), 'plugins/installed_plugins.json'),
        words: '"samocode@samocode"',
        remove: ['plugin', 'uninstall', 'samocode@samocode', '--scope', 'user'],
      },
      {
        path: join(settingsDir(context), 'plugins/known_marketplaces.json'),
        words: '"samocode"',
        remove: ['plugin', 'marketplace', 'remove', 'samocode'],
      },
    ],
  };
}

function settingsDir({ env, home }: ClientWork['context']): string {
  return env.CLAUDE_CONFIG_DIR || join(home, '.claude');
}

function allowEdit({ context }: ClientWork): SettingsEdit {
  return {
    path: join(settingsDir(context), 'settings.json'),
    at: ['permissions', 'allow'],
    value: ALLOWED_TOOLS.map((tool) => TOOL_PREFIX + tool),
    ours: (item) => typeof item === 'string' && item.startsWith(TOOL_PREFIX),
  };
}

function projectEdit({ projectDir }: ClientWork): SettingsEdit {
  return {
    path: join(projectDir, '.mcp.json'),
    at: ['mcpServers', 'samocode'],
    value: publishedStart(__VERSION__),
  };
}
