// What stylelint asks of the style of the HTML report: no mistakes, no colours outside of the tokens' notation, nothing asked of a network.
export default {
    extends: "stylelint-config-recommended",
    rules: {
        "at-rule-disallowed-list": ["import", "font-face"],
        "color-named": "never",
        "color-no-invalid-hex": true,
        "declaration-block-no-redundant-longhand-properties": true,
        "function-url-scheme-allowed-list": ["data"],
        "property-no-vendor-prefix": [true, { ignoreProperties: ["text-size-adjust"] }],
        "selector-max-id": 1,
        "value-no-vendor-prefix": true,
        // States of one element stand together, whatever their weight.
        "no-descending-specificity": null,
    },
};
