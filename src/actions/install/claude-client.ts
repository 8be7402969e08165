import { join } from 'node:path';
import { allowedTools } from './allow-list.ts';
import type { Client, ClientWork } from './client.ts';
import { addSetting, removeSetting } from './edit-steps.ts';
import { findProgram } from './find-program.ts';
import { publishedStart } from './package-copy.ts';
import { addPlugin, type PluginWay, removePlugin } from './plugin.ts';
import type { SettingsEdit } from './settings-edit.ts';

/** As Claude Code names the tools of our plugin's server. */
const TOOL_PREFIX = 'mcp__plugin_samocode_samocode__';

/** Claude Code: a plugin for the person, or the server alone in a project's `.mcp.json`. */
export const claudeClient: Client = {
  name: 'claude',
  title: 'Claude Code',
  restart: 'Restart Claude Code, or type /reload-plugins in it; /mcp then shows samocode.',
  find: (context) => findProgram(context, 'claude'),
  async installSteps(work) {
    if (work.scope === 'project') return await addSetting(work, projectEdit(work));
    const allowed = work.allow ? await addSetting(work, await allowEdit(work)) : [];
    return [...(await addPlugin(work, way(work))), ...allowed];
  },
  async uninstallSteps(work) {
    if (work.scope === 'project') return await removeSetting(work, projectEdit(work));
    return [...(await removeSetting(work, await allowEdit(work))), ...(await removePlugin(work, way(work)))];
  },
};

function way({ context }: ClientWork): PluginWay {
  return {
    client: 'claude',
    below: 'plugin',
    listing: {
      path: '.claude-plugin/marketplace.json',
      value: {
        name: 'samocode',
        owner: { name: 'samocode install' },
        plugins: [{ name: 'samocode', source: './plugin' }],
      },
    },
    register: {
      path: join(settingsDir(context), 'plugins/installed_plugins.json'),
      words: '"samocode@samocode"',
    },
    settingsPath: join(settingsDir(context), 'settings.json'),
    leftFolder: join(settingsDir(context), 'plugins/cache/samocode'),
    add: (folder) => [
      ['plugin', 'marketplace', 'add', folder],
      ['plugin', 'install', 'samocode@samocode', '--scope', 'user'],
    ],
    remove: [
      ['plugin', 'uninstall', 'samocode@samocode', '--scope', 'user'],
      ['plugin', 'marketplace', 'remove', 'samocode'],
    ],
  };
}

function settingsDir({ env, home }: ClientWork['context']): string {
  return env.CLAUDE_CONFIG_DIR || join(home, '.claude');
}

async function allowEdit({ context }: ClientWork): Promise<SettingsEdit> {
  return {
    path: join(settingsDir(context), 'settings.json'),
    at: ['permissions', 'allow'],
    value: (await allowedTools(context)).map((tool) => TOOL_PREFIX + tool),
    ours: (item) => typeof item === 'string' && item.startsWith(TOOL_PREFIX),
  };
}

function projectEdit({ projectDir }: ClientWork): SettingsEdit {
  return { path: join(projectDir, '.mcp.json'), at: ['mcpServers', 'samocode'], value: publishedStart() };
}
