import { jsonText } from './json-text.ts';
import { AUTHOR, type Files, readme, serverStart, skillFiles } from './shared.ts';
import type { PackageSource } from './source.ts';

const FOLDER = 'packages/claude';

/** The Claude Code plugin, and the marketplace file that lists it. */
export function claudeFiles(source: PackageSource): Files {
  const { version, description, keywords, agents, commands, inAChat } = source;
  const marketplace = {
    name: 'samocode',
    owner: AUTHOR,
    metadata: { description, version },
    plugins: [{ name: 'samocode', source: `./${FOLDER}`, description }],
  };
  // A .mcp.json beside it would be read as a second server.
  const plugin = {
    name: 'samocode',
    version,
    description,
    author: AUTHOR,
    license: 'MIT',
    keywords,
    mcpServers: { samocode: serverStart(source) },
  };
  return {
    '.claude-plugin/marketplace.json': jsonText(marketplace),
    [`${FOLDER}/.claude-plugin/plugin.json`]: jsonText(plugin),
    [`${FOLDER}/README.md`]: readme(source, 'Claude Code', [
      'claude plugin marketplace add <this repository>',
      'claude plugin install samocode@samocode',
    ]),
    ...Object.fromEntries(
      agents.map(({ name, text }) => [
        `${FOLDER}/agents/samocode-${name}.md`,
        `${text.trimEnd()}\n\n${inAChat}`,
      ]),
    ),
    ...Object.fromEntries(commands.map(({ name, text }) => [`${FOLDER}/commands/${name}.md`, text])),
    ...skillFiles(source, FOLDER),
  };
}
