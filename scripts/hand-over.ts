import { useExtensions } from '../src/app/extensions/every-program.ts';
import { useForParents } from '../src/app/extensions/parents.ts';

// Imported before all else by each script that reads settings or providers, as a main program does it.
useExtensions();
useForParents();
