import { join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../../base/parse-json.ts';
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
        words: isForThePerson,
        ofProjects: (text) => scopesIn(text)?.some((scope) => scope !== 'user') ?? false,
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

const Install = z.object({ scope: z.string().default('user') });
const Plugins = z.object({
  // Older ones wrote one object of no scope, which was the person's.
  plugins: z.record(z.string(), z.union([z.array(Install), Install.transform((one) => [one])])),
});

/** A plugin that somebody added to a project is that project's: no command for the person's scope removes it. */
function isForThePerson(text: string): boolean {
  return scopesIn(text)?.includes('user') ?? text.includes('"samocode@samocode"');
}

/** @returns undefined for a text that is not as we know it */
function scopesIn(text: string): string[] | undefined {
  const { data } = Plugins.safeParse(parseJson(text));
  return data && (data.plugins['samocode@samocode'] ?? []).map(({ scope }) => scope);
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
