# Formula for a Homebrew tap. A release fills in the version and the checksums of SHA256SUMS.
class LambdaTriage < Formula
  desc "Gives every AWS Lambda invocation in a log a verdict, with proof and what to do"
  homepage "https://github.com/lambda-triage/lambda-triage"
  version "0.1.0"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "https://github.com/lambda-triage/lambda-triage/releases/download/v#{version}/lambda-triage-#{version}-aarch64-apple-darwin.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
    on_intel do
      url "https://github.com/lambda-triage/lambda-triage/releases/download/v#{version}/lambda-triage-#{version}-x86_64-apple-darwin.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/lambda-triage/lambda-triage/releases/download/v#{version}/lambda-triage-#{version}-aarch64-unknown-linux-musl.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
    on_intel do
      url "https://github.com/lambda-triage/lambda-triage/releases/download/v#{version}/lambda-triage-#{version}-x86_64-unknown-linux-musl.tar.gz"
      sha256 "0000000000000000000000000000000000000000000000000000000000000000"
    end
  end

  def install
    bin.install "lambda-triage"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/lambda-triage.bash" => "lambda-triage"
    zsh_completion.install "completions/_lambda-triage"
    fish_completion.install "completions/lambda-triage.fish"
  end

  test do
    assert_match "attempts failed", shell_output("#{bin}/lambda-triage demo")
  end
end
