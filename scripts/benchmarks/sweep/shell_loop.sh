#!/usr/bin/env bash
# A process a job: shell_loop.sh PYTHON LEARNING_RATES PATIENCES CLIP_NORMS EPOCHS
set -euo pipefail
python=$1
train=$(dirname "${BASH_SOURCE[0]}")/train.py
IFS=, read -ra learning_rates <<<"$2"
IFS=, read -ra patiences <<<"$3"
IFS=, read -ra clip_norms <<<"$4"
for learning_rate in "${learning_rates[@]}"; do
    for patience in "${patiences[@]}"; do
        for clip_norm in "${clip_norms[@]}"; do
            "$python" "$train" "$learning_rate" "$patience" "$clip_norm" "$5" \
                "runs/$learning_rate-$patience-$clip_norm"
        done
    done
done
