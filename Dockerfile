# One image for each program, by build argument: db, product-api, outbox-relay, invalidator, operator.
# From a built tree (mvn package): docker build --build-arg SERVICE=product-api .
FROM eclipse-temurin:25-jre
ARG SERVICE
RUN groupadd --system --gid 10001 tidemark && useradd --system --uid 10001 --gid tidemark --no-create-home tidemark
COPY ${SERVICE}/target/app/ /app/
RUN ln -s "/app/${SERVICE}.jar" /app/main.jar
USER tidemark
# The heap follows the container's memory limit; the process ends when memory does, for a restart. In no language: header names and
# numbers look the same everywhere.
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=60", "-XX:+ExitOnOutOfMemoryError", "-Duser.language=", "-Duser.country=", "-jar", "/app/main.jar"]
