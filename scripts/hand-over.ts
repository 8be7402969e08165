import { useForParents } from '../src/app/extensions/parents.ts';
import { useProviders } from '../src/app/extensions/providers.ts';

// Imported before all else by each script that reads settings or providers, as a main program does it.
useProviders();
useForParents();
