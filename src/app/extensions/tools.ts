import type { Tool } from '../../core/faces/mcp/tool.ts';
import { SETUP_TOOLS } from '../../extensions/setup/tools.ts';

export const EXTENSION_TOOLS: readonly Tool[] = [...SETUP_TOOLS];
