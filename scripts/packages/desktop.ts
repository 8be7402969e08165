import { jsonText } from '../../src/actions/install/package/json-text.ts';
import { AUTHOR, DISPLAY_NAME, type Files } from '../../src/actions/install/package/package-parts.ts';
import { TOOLS } from '../../src/server/tools/index.ts';
import type { RepositorySource } from './source.ts';

/** Where the built programs stand in the bundle for Claude Desktop. */
export const DESKTOP_SERVER_FOLDER = 'server';

/** The manifest of the bundle for Claude Desktop; the programs are put beside it when it is packed. */
export function desktopFiles({ version, description, keywords, repositoryUrl }: RepositorySource): Files {
  const program = `${DESKTOP_SERVER_FOLDER}/samocode-mcp.js`;
  const manifest = {
    manifest_version: '0.3',
    name: 'samocode-mcp',
    display_name: DISPLAY_NAME,
    version,
    description,
    author: AUTHOR,
    ...(repositoryUrl && { repository: { type: 'git', url: repositoryUrl } }),
    license: 'MIT',
    keywords,
    server: {
      type: 'node',
      entry_point: program,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the client puts the bundle's folder there
      mcp_config: { command: 'node', args: ['${__dirname}/'.concat(program)] },
    },
    tools: TOOLS.map((tool) => ({ name: tool.name, description: tool.description.split('\n')[0] })),
    prompts_generated: true,
    compatibility: { platforms: ['darwin', 'linux'], runtimes: { node: '>=20.19.0' } },
  };
  return { 'packages/desktop/manifest.json': jsonText(manifest) };
}
