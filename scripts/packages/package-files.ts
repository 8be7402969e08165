import { lightSource } from '../../src/core/faces/package/package-source.ts';
import {
  claudeMarketplace,
  claudePackage,
  codexMarketplace,
  codexPackage,
  type Files,
  geminiPackage,
} from '../../src/extensions/setup/install/client-packages.ts';
import { desktopFiles, LAUNCHER, launcherText, SERVER_FOLDER } from './desktop.ts';
import { exampleFiles } from './examples.ts';
import { readmeFile } from './readme.ts';
import { PLUGIN_BRANCH, RELEASE_FILE, type RepositorySource, readSource } from './source.ts';

/** Folders that hold nothing but generated files. */
export const GENERATED_FOLDERS = ['packages', '.claude-plugin', '.agents'];

/** Other files in these folders, made by hand or by a release. */
export const HAND_MADE: ReadonlySet<string> = new Set(['packages/desktop/icon.png', RELEASE_FILE]);

/** The plugin for Claude Code, Codex and Gemini CLI, without the built server. */
export const PLUGIN_FOLDER = 'packages/plugin';

/** Every generated file by its path from the repository's root. */
export async function packageFiles(root: string): Promise<Map<string, string>> {
  const source = await readSource(root);
  const files: Files = {
    ...marketplaceFiles(source),
    ...below(PLUGIN_FOLDER, pluginFiles(source)),
    ...desktopFiles(source),
    ...exampleFiles(source),
  };
  return new Map(Object.entries(files));
}

/** Both marketplaces name the released commit, because the plugin next to them has no built server. */
function marketplaceFiles(source: RepositorySource): Files {
  const { links, release } = source;
  const plugin = { url: `${links.repository}.git`, ref: PLUGIN_BRANCH, sha: release.pluginCommit };
  return { ...claudeMarketplace(source, plugin), ...codexMarketplace(plugin) };
}

function pluginFiles(source: RepositorySource): Files {
  const light = lightSource(source);
  const startIn = (folder: string) => ({
    command: '/bin/sh',
    args: [LAUNCHER, 'samocode-mcp.js'].map((name) => `${folder}${SERVER_FOLDER}/${name}`),
  });
  return {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: clients put the plugin's folder there
    ...claudePackage({ ...light, start: startIn('${CLAUDE_PLUGIN_ROOT}/') }),
    // Codex has no variable for it.
    ...codexPackage({ ...light, start: { ...startIn(''), cwd: '.' } }),
    ...geminiPackage({ ...light, start: startIn('${extensionPath}/') }),
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the three above
    [`${SERVER_FOLDER}/${LAUNCHER}`]: launcherText(),
    'README.md': readmeFile(source),
  };
}

function below(folder: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}
