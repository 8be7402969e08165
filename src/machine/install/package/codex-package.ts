import { AUTHOR, DISPLAY_NAME, type Files, jsonText, skillFiles } from './package-parts.ts';
import type { MarkdownSource, PackageSource } from './package-source.ts';

const CATEGORY = 'Developer Tools';

/**
 * The Codex plugin. Codex has no commands: each becomes a skill that runs
 * only when the user names it (`$samocode:dive`), so that the model's list of skills stays short.
 */
export function codexPackage(source: PackageSource): Files {
  const { version, description, commands } = source;
  const plugin = {
    name: 'samocode',
    version,
    description,
    author: AUTHOR,
    license: 'MIT',
    skills: './skills/',
    mcpServers: './.mcp.json',
    interface: { displayName: DISPLAY_NAME, shortDescription: description, category: CATEGORY },
  };
  return {
    '.codex-plugin/plugin.json': jsonText(plugin),
    // The first start may have to download; a call of wait stays below 300 s.
    '.mcp.json': jsonText({
      mcpServers: { samocode: { ...source.start, startup_timeout_sec: 60, tool_timeout_sec: 300 } },
    }),
    ...skillFiles(source),
    ...Object.fromEntries(commands.flatMap(commandSkill)),
  };
}

/** The file by which Codex finds the plugin in a folder or repository. */
export function codexMarketplace(pluginFolder: string): Files {
  const marketplace = {
    name: 'samocode',
    interface: { displayName: DISPLAY_NAME },
    plugins: [
      {
        name: 'samocode',
        source: { source: 'local', path: `./${pluginFolder}` },
        policy: { installation: 'AVAILABLE', authentication: 'ON_INSTALL' },
        category: CATEGORY,
      },
    ],
  };
  return { '.agents/plugins/marketplace.json': jsonText(marketplace) };
}

function commandSkill({ name, meta, body }: MarkdownSource): [string, string][] {
  const folder = `skills/${name}`;
  const words = body.replaceAll('$ARGUMENTS', 'what the user wrote after the name of this skill');
  const skill = `---\nname: ${name}\ndescription: ${meta.get('description')}. Only when the user writes $samocode:${name}.\n---\n${words}`;
  return [
    [`${folder}/SKILL.md`, skill],
    [`${folder}/agents/openai.yaml`, 'policy:\n  allow_implicit_invocation: false\n'],
  ];
}
