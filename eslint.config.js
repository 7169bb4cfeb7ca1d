import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Domain folders: each may be entered from elsewhere only by its front door (index.ts or types.ts). */
const domains = [
  'video',
  'detector',
  'selection',
  'annotation',
  'dataset',
  'catalog',
  'config',
  'tools',
  'evaluation',
  'training',
  'report',
];
const temporal = ['@temporalio/*'];

/** `src/<folder>` knows nothing of the insides of the other domain folders, and nothing of what lies above it. */
const zones = domains.flatMap((folder) => [
  ...domains
    .filter((other) => other !== folder)
    .map((other) => ({
      target: `./src/${folder}`,
      from: `./src/${other}`,
      except: ['./index.ts', './types.ts'],
      message: `Enter src/${other} by its index.ts or types.ts.`,
    })),
  ...['workflows', 'activities', 'workers', 'client', 'stack', 'review', 'demo'].map((above) => ({
    target: `./src/${folder}`,
    from: `./src/${above}`,
    message: `A domain folder does not know src/${above}.`,
  })),
]);

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'data', '.tools', 'coverage', '**/.venv'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: { 'import-x/no-restricted-paths': ['error', { zones }], 'no-console': 'error' },
  },
  {
    files: domains.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: temporal, message: 'Temporal and the domain meet only in src/activities.' }] },
      ],
    },
  },
  {
    // Workflow code is replayed inside a sandbox: nothing that does I/O, no Node built-in, no zod (it bloats the bundle).
    files: ['src/workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!@temporalio/(workflow|common)$|\\./)',
              allowTypeImports: true,
              message: 'Workflows import types only.',
            },
          ],
        },
      ],
    },
  },
  {
    // The review server is a program of its own: the pipeline reaches it by HTTP, as it reaches any CVAT.
    files: ['src/review/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: temporal },
            {
              regex: '^\\.\\./.*(video|detector|selection|dataset|catalog|activities|workflows|workers|client|stack)/',
              message: 'The review server shares only the wire types of the CVAT API.',
            },
          ],
        },
      ],
    },
  },
  { files: ['test/**/*.ts', 'src/client/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: ['**/*.{js,mjs}'], languageOptions: { globals: globals.node } },
);
