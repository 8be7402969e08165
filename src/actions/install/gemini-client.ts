import { join } from 'node:path';
import type { Client, ClientWork } from './client.ts';
import { addSetting, removeSetting } from './edit-steps.ts';
import { findProgram } from './find-program.ts';
import { geminiPackage } from './package/gemini-package.ts';
import { publishedStart } from './package/package-source.ts';
import { addPlugin, type PluginWay, removePlugin } from './plugin.ts';
import type { SettingsEdit } from './settings-edit.ts';

/** Longer than any wait of ours. */
const CALL_LIMIT_MS = 600_000;

/** Gemini CLI: an extension for the person, or the server alone in a project's settings. */
export const geminiClient: Client = {
  name: 'gemini',
  title: 'Gemini CLI',
  restart: 'Restart Gemini CLI',
  shownBy: '/mcp',
  find: (context) => findProgram(context, 'gemini'),
  async installSteps(work) {
    if (work.scope === 'project') return await addSetting(work, projectEdit(work));
    return await addPlugin(work, way(work));
  },
  async uninstallSteps(work) {
    if (work.scope === 'project') return await removeSetting(work, projectEdit(work));
    return await removePlugin(work, way(work));
  },
};

function way({ context: { env, home } }: ClientWork): PluginWay {
  const folder = join(env.GEMINI_CLI_HOME || home, '.gemini/extensions/samocode');
  return {
    client: 'gemini',
    files: geminiPackage,
    // A yes to the extension is taken as one to the folder that it is given in.
    untouchedPath: join(env.GEMINI_CLI_HOME || home, '.gemini/trustedFolders.json'),
    add: (copy) => [['extensions', 'link', copy, '--consent']],
    registered: [
      {
        path: join(folder, '.gemini-extension-install.json'),
        words: 'samocode',
        remove: ['extensions', 'uninstall', 'samocode'],
      },
    ],
  };
}

function projectEdit({ projectDir }: ClientWork): SettingsEdit {
  return {
    path: join(projectDir, '.gemini/settings.json'),
    at: ['mcpServers', 'samocode'],
    value: { ...publishedStart(__VERSION__), timeout: CALL_LIMIT_MS },
    soft: ['timeout'],
  };
}
