import { dirname } from 'node:path';
import { knownProjectFiles, namedFolder, projectAt } from '../../core/caller/context/find-project-for.ts';
import { SERVER_ERRORS } from '../../core/kit/mcp/server-errors.ts';
import type { Tool } from '../../core/kit/mcp/tool.ts';
import { realPathAsFar } from '../../core/project/git/real-path.ts';

/**
 * Wraps a tool for clients on other machines: a call that acts must name a session or a project, and every path must be
 * in a project that is known here.
 */
export function fromAfar(tool: Tool): Tool {
  return {
    ...tool,
    async handle(args, context) {
      const { session, project_dir, plan } = Object(args);
      const known = await knownProjectFiles(context.actions.home);
      const refused = () =>
        SERVER_ERRORS.project_needed({ tool: tool.name, known: known.map((file) => dirname(file)) });
      if (!tool.annotations.readOnlyHint && !session && !project_dir) throw refused();
      for (const path of [project_dir, plan].filter((given) => typeof given === 'string' && given)) {
        // A link in a project can lead out of it.
        const file = await projectAt(
          await realPathAsFar(namedFolder(path, context.actions)),
          context.actions,
        );
        if (typeof file !== 'string' || !known.includes(file)) throw refused();
      }
      return await tool.handle(args, context);
    },
  };
}
