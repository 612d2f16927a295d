import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** Folders that a file may not import from; a path names them from the file's own folder. */
const noImportsFrom = (...folders) => ({
  "no-restricted-imports": [
    "error",
    {
      patterns: [
        {
          regex: `^(\\.\\.?/)+(${folders.join("|")})/`,
          message: "cli/ and lab/ are built on the product, and test/ on everything: never the other way round.",
        },
      ],
    },
  ],
});

export default tseslint.config(
  { ignores: ["node_modules/", ".homelab/", "reports/", "**/.work/"] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      // A driver's methods answer promises because the interface says so, whether or not they wait for anything.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // The state, the API and the hosts answer with text, never with objects by accident.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "no-console": "error",
    },
  },
  { files: ["*.ts", "{settings,providers,components,checks}/**/*.ts"], rules: noImportsFrom("cli", "lab", "test") },
  { files: ["lab/**/*.ts"], rules: noImportsFrom("cli", "test") },
  { files: ["cli/**/*.ts", "docs/**/*.ts"], rules: noImportsFrom("test") },
  {
    // A mocked answer is a promise because the real one is; a test may also hold on to a bare function of a mock.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/unbound-method": "off" },
  },
  {
    // What is plain JavaScript configures a tool, and is outside the TypeScript project.
    files: ["**/*.js", "**/*.cjs", "**/*.mjs"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      parserOptions: { projectService: false },
      globals: {
        module: "writable",
        require: "readonly",
        process: "readonly",
        __dirname: "readonly",
        __filename: "readonly",
      },
    },
    rules: { ...tseslint.configs.disableTypeChecked.rules, "@typescript-eslint/no-require-imports": "off" },
  },
);
