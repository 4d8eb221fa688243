# The one image of docker-compose.yml: the sweeps, Ray's nodes, MLflow's server and Optuna's dashboard.
FROM python:3.11.13-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# Every distribution in the version that was tested, also those that build the wheel.
FROM base AS build
COPY deploy/constraints.txt /src/deploy/constraints.txt
ENV PIP_CONSTRAINT=/src/deploy/constraints.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install "mlflow[auth]" optuna optuna-dashboard "psycopg[binary]" ray
COPY pyproject.toml README.md LICENSE CHANGELOG.md /src/
COPY kinetics /src/kinetics
COPY tasks /src/tasks
COPY sweeps /src/sweeps
COPY tracking /src/tracking
RUN /opt/venv/bin/pip install /src

FROM base
RUN useradd --create-home --uid 10001 memsweep \
 && install --directory --owner=memsweep --group=memsweep /var/lib/memsweep /var/lib/mlflow /data /sweeps
COPY --from=build /opt/venv /opt/venv
COPY deploy/mlflow_auth.ini deploy/with_secrets.py deploy/join_ray.py /opt/memsweep/deploy/
ENV PATH=/opt/venv/bin:$PATH
USER 10001:10001
WORKDIR /home/memsweep
ENTRYPOINT ["python", "/opt/memsweep/deploy/with_secrets.py"]
CMD ["memsweep", "--help"]
