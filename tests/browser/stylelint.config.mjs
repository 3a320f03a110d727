// What stylelint asks of the style of the HTML report: the standard rules, and that it asks nothing of a network.
export default {
    extends: "stylelint-config-standard",
    rules: {
        "at-rule-disallowed-list": ["import", "font-face"],
        "color-named": "never",
        "declaration-no-important": [true, { severity: "warning" }],
        "function-url-scheme-allowed-list": ["data"],
        "no-descending-specificity": null,
        "rule-empty-line-before": null,
        "at-rule-empty-line-before": null,
        "declaration-empty-line-before": null,
        "custom-property-empty-line-before": null,
        "comment-empty-line-before": null,
    },
};
