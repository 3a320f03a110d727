// What eslint asks of the script of the HTML report, which runs in browsers as it is written.
import js from "@eslint/js";
import globals from "globals";

export default [
    js.configs.recommended,
    {
        languageOptions: { ecmaVersion: 2022, sourceType: "script", globals: globals.browser },
        linterOptions: { reportUnusedDisableDirectives: "error" },
        rules: {
            "array-callback-return": "error",
            "block-scoped-var": "error",
            "consistent-return": "error",
            curly: ["error", "multi-line"],
            "default-case-last": "error",
            eqeqeq: "error",
            "no-alert": "error",
            "no-console": "error",
            // What would take text for code, or for markup.
            "no-eval": "error",
            "no-implied-eval": "error",
            "no-new-func": "error",
            "no-script-url": "error",
            "no-restricted-properties": [
                "error",
                ...["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "write", "writeln", "createContextualFragment", "parseFromString", "srcdoc"].map(
                    (property) => ({ property, message: "Make nodes, and set their textContent." }),
                ),
            ],
            // What would ask something, or keep something.
            "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "WebSocket", "EventSource", "Worker", "localStorage", "sessionStorage", "event"],
            "no-implicit-globals": "error",
            "no-loop-func": "error",
            "no-shadow": "error",
            "no-undef-init": "error",
            "no-unused-expressions": "error",
            "no-useless-return": "error",
            "no-var": "error",
            "prefer-const": "error",
            "object-shorthand": "error",
            strict: ["error", "global"],
        },
    },
];
