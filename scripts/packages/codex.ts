import { jsonText } from './json-text.ts';
import { AUTHOR, DISPLAY_NAME, type Files, readme, serverStart, skillFiles } from './shared.ts';
import type { MarkdownSource, PackageSource } from './source.ts';

const FOLDER = 'packages/codex';
const CATEGORY = 'Developer Tools';

/**
 * The Codex plugin, and the marketplace file that lists it. Codex has no commands: each becomes a skill that runs
 * only when the user names it (`$dive`), so that the model's list of skills stays short.
 */
export function codexFiles(source: PackageSource): Files {
  const { version, description, commands } = source;
  const marketplace = {
    name: 'samocode',
    interface: { displayName: DISPLAY_NAME },
    plugins: [
      {
        name: 'samocode',
        source: { source: 'local', path: `./${FOLDER}` },
        policy: { installation: 'AVAILABLE', authentication: 'ON_INSTALL' },
        category: CATEGORY,
      },
    ],
  };
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
    '.agents/plugins/marketplace.json': jsonText(marketplace),
    [`${FOLDER}/.codex-plugin/plugin.json`]: jsonText(plugin),
    // The first start may have to download; a call of wait stays below 300 s.
    [`${FOLDER}/.mcp.json`]: jsonText({
      mcpServers: { samocode: { ...serverStart(source), startup_timeout_sec: 60, tool_timeout_sec: 300 } },
    }),
    [`${FOLDER}/README.md`]: readme(source, 'Codex', [
      'codex plugin marketplace add <this repository>',
      'codex plugin add samocode@samocode',
    ]),
    ...skillFiles(source, FOLDER),
    ...Object.fromEntries(commands.flatMap(commandSkill)),
  };
}

function commandSkill({ name, meta, body }: MarkdownSource): [string, string][] {
  const folder = `${FOLDER}/skills/${name}`;
  const words = body.replaceAll('$ARGUMENTS', 'what the user wrote behind the name of this skill');
  const skill = `---\nname: ${name}\ndescription: ${meta.get('description')}. Only when the user writes $${name}.\n---\n${words}`;
  return [
    [`${folder}/SKILL.md`, skill],
    [`${folder}/agents/openai.yaml`, 'policy:\n  allow_implicit_invocation: false\n'],
  ];
}
